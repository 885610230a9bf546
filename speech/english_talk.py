"""English that is no business of a power utility: what an utterance must differ from to be an intent.

Small talk, other companies, half sentences, swearing, television, words alone. Divided by semicolons.
"""

from __future__ import annotations

TALK = """
what's the weather like today; is it going to rain tomorrow; will it snow next week; how hot is it outside;
the weather has been lovely; it is raining again; when will the rain stop;
I'd like to order a pizza; can I get a large pepperoni; do you deliver; a table for two at seven;
is the kitchen still open; what's on the menu for dinner; I want a cheeseburger and fries;
how much is the coffee;
my internet is down; the wifi is not working; my router keeps flashing; when will the internet be back;
I want to change my phone plan; my phone bill is too high; how much is the broadband; I have no signal;
the cable tv is out; the line is bad; the website is down;
there's no water; my water is cut off; the water pressure is low; I have a water leak; the pipe burst;
when will the water come back; how much is my water bill; the toilet is broken; I need a plumber;
the tap is dripping;
my gas bill is too high; I need a gas connection; how much is gas; gas meter reading;
I want to switch gas supplier; my gas stove won't light; order a gas bottle;
what's my bank balance; I want to check my savings account; my credit card was stolen; I'd like a loan;
transfer money to my brother; my credit card payment is missing; open a savings account; cancel my credit card;
what's the exchange rate; what is the mortgage rate;
I want to book a flight to London; when does the train leave; is the bus late; what time is my flight;
the train has been delayed; I need a taxi to the airport; how much is a ticket to Paris;
my flight was cancelled; book a hotel room;
I have a headache; I'd like to see the doctor; make an appointment with the dentist; my prescription is ready;
my back hurts; I have a fever; when is my appointment; are you the hospital; I broke my leg;
my back is killing me;
what time is it; what day is it today; what's your name; who are you; how old are you; where are you from;
are you a robot; do you like music; tell me a joke; sing me a song; tell me a story;
what is the meaning of life; do you love me;
how are you today; nice to meet you; have a nice day; good night; see you later; bye; bye bye; I love you;
happy birthday; merry christmas; happy new year; long time no see; you're welcome; take care;
my dog is sick; the cat is on the roof; my kids are at school; my daughter is getting married;
I went to the beach; we had a party last night; my car broke down; I need new tyres; the car won't start;
my mother is visiting; the baby is crying; I'm cooking dinner;
who won the game; what's the score; did you see the match; the team lost again; he scored two goals;
I'm watching tv; turn down the tv; what's on tonight; that movie was great; the film starts at eight;
the concert was amazing; my favourite song;
where is my package; my parcel hasn't arrived; I want to return these shoes; do you have this in a larger size;
I want a refund for my order; track my order; has my package been delivered; the courier never came;
I'd like to cancel my order;
I don't know; I have no idea; never heard of it; let me think; wait a minute; hold on; one moment;
hang on a second; give me a second; just a moment; not sure; maybe; perhaps; it depends; I forgot;
what was I saying; um I was going to; so basically; the thing is; you know what; anyway;
I was wondering if; can you; I want to; I'd like; I need; could you please; I have a; so I was; and then he;
because of the; it's about the; well I; do you have; is there any; help; help me; I need some help;
can you help me; question; I have a question; information; I need information; hello; hello hello; hi; hey;
hello can you hear me; testing; test one two three; anybody home;
one two three four; five; seven eight nine; my number is five five five one two; twenty three; zero zero one;
one eight double two; it's number nine; two thousand and six; room four oh two;
fuck you; go to hell; this is bullshit; shut up; you idiot; you are so stupid; damn it; what the hell;
screw this; kiss my ass; son of a bitch; moron;
put that down; come here; don't touch that; sit down; be quiet; mom I'm on the phone; who is it; give me that;
close the door; open the window; where are my keys; dinner is ready; did you feed the dog; turn left; stop it;
go away; let's go; get out of here; wake up; hurry up; look at that; I'll call you back; he said he would come;
she told me yesterday; I told him no; that's what she said;
apple; banana; tomorrow; monday; blue; seven; chicken; table; mother; john; paris; car; music; coffee; time;
water; money; house; street; light; power; high; new; old; name; number; price; today; now; night; notice;
paper; line; pole; tree; fast; great day; good morning; good evening;
what is the bill of rights; bill is my uncle; I'm calling for bill; is bill there; can I speak to Mary;
is John home; this is Peter speaking; my name is Susan; can I talk to my wife; I'm looking for Mr Smith;
is this the pizza place; is this the bank; sorry wrong number; I think I dialed the wrong number; who is this;
what number is this; is this the library;
I bought a new phone; my phone is dead; the battery is low; my phone died; my laptop won't turn on;
the printer doesn't work; the computer is slow; I forgot my password; the app crashed;
how do I install windows; charge my phone; the screen is flickering on my laptop;
the president gave a speech; power to the people; he is in power; knowledge is power; the light of my life;
lights camera action; let there be light; a fire sale; you're fired; he got fired yesterday;
they fired my boss; the camp fire was nice; I was shocked by the news; a shocking story; what a shock;
he is a bright spark; the market is down; prices are up; the stock market crashed; inflation is high;
petrol prices are rising; the rent is too high; groceries are so expensive;
breaking news tonight; and now the weather; in other news; welcome back to the show; stay tuned;
after the break; ladies and gentlemen; the following program; coming up next; back to you in the studio;
thank you for watching; subscribe to my channel; today only half price; buy one get one free;
call now to order; terms and conditions apply;
I need to renew my passport; where is the post office; what are your opening hours;
how do I get to the station; I lost my wallet; my purse was stolen; call the police; I want to report a theft;
I got a parking ticket; my driving licence expired; tax return; I'd like to register to vote;
where is the nearest supermarket;
can you recommend a restaurant; I want to lose weight; how do you cook rice; what's two plus two;
what's the capital of France; how far is the moon; how do I learn English; my English teacher is strict;
my Chinese teacher is nice; I like Chinese food; a chinese restaurant; translate this word; where do you live;
do you have children; are you married; what are you wearing;
I want to sell my car; I'm looking for a job; do you have any jobs; I'd like to apply for a job;
I have an interview tomorrow; my boss is angry; I'm late for work; the meeting is at three; I quit my job;
I got a new job; I'm moving on with my life; I changed my mind; we are going on holiday;
the kids start school next week; I was at the gym; my back is sore; my connection to my family;
the new season is out; my subscription; cancel my subscription; cancel my membership; insurance claim;
the health insurance is too expensive; what does the insurance cover; I want insurance;
my roof is leaking; my neighbor is too loud; the music next door is too loud; somebody parked in my driveway;
the garbage was not picked up; the traffic light is broken; there's a pothole in the road;
the bus stop is dirty; my window is broken; the door is broken; the lock is broken; I locked myself out;
the bathroom is flooded; there are mice in my house; the air is bad; the road is blocked;
it was a dark night; he went out; she is out; they went out for dinner; I'm out of milk; we're out of bread;
it's over; it's cold in here; it's hot; I'm tired; I'm hungry; I'm bored; I'm fine thanks; not bad; what's up;
what's new; nothing much; same here; me too; you too; good luck; congratulations; excuse me; really; wow;
oh my god; no kidding; are you serious; that's funny; that's interesting; I see; okay then; let me see
"""
