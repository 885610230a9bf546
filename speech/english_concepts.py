"""What English callers call things: a concept and the words and phrases that stand for it, by commas.

Only what a power hotline must tell apart; the examples of the intents say which concepts mean what. Compared by word
stem (`speech.wording.stem`), longest phrase first. A phrase in two concepts belongs to the one named first.
"""

from __future__ import annotations

# Words that say nothing about the matter: courtesies, fillers, and the ways into a sentence.
IDLE = """
a, an, the, um, uh, er, erm, hmm, mm, ah, oh, well, so, just, like, really, actually, basically, literally, anyway,
please, hello, hi, hey, good morning, good afternoon, good evening, good day, sir, madam, ma am, miss, mate,
you know, i mean, kind of, sort of, you see, look, listen, okay so, alright so, right so, i would like to,
i would like, i want to, i want, i need to, i need, i am calling to, i am calling about, i am calling, i am phoning,
i am ringing, calling about, calling because, i was wondering if, i was wondering, i wonder if, can you please,
can you, could you please, could you, can i, could i, may i, will you, would you mind, would you,
would it be possible to, is it possible to, do you mind, i have to, i have got to, i got to, help me with,
help me to, i am trying to, i have a question about, i have got a question about, quick question about,
quick question, a question about, i have a question, i had a question, tell me, let me know, know, find out,
i think, i guess, i believe, it seems, seems, seem, apparently, this is about, it is about, it is regarding,
regarding, with regard to, in regard to, about, with, to, of, and, or, but, then, because, as, by, for, from, at,
in, into, is, are, was, were, be, been, being, am, do, does, did, has, have, had, having, got, get, getting, i, me,
my, mine, we, us, our, you, it, its, this, that, these, those, there, here, he, she, they, them, him, her, his,
their, will, would, shall, could, can, may, might, must, very, quite, pretty, a bit, bit, little, some, any, also,
too, if, whether, which, what is, let, let us, if possible, for me, to me, sure if, yeah so, so yeah, hi there,
hello there, excuse me, how are you, how are you doing, how you doing, thank you in advance, in my name, need, want,
going to, over here, at all, such, kindly, hoping to, hoping, wish to, wish, by the way, i am, a couple of, lot,
lot of, whole, entire, since, during, while, on, thing, think, say it is, guess
"""

CONCEPTS: dict[str, str] = {
    # --- the supply and what happens to it
    "planned": """
        planned, scheduled, schedule, maintenance, upcoming, upgrade work, planned work, works, planned outage,
        planned interruption, planned shutdown, shutdown, shutdowns, notice, notification, leaflet, flyer, advance,
        in advance, going to be cut, will be cut, be cutting, being cut, turn off the power, turning off the power,
        switch off the power, switching off the power, shutting off the power, shut off the power,
        going to turn off, going to cut, planning, plan, announced, announcement, rolling, roster, load shedding,
        loadshedding""",
    "future": """
        tomorrow, next week, next month, this weekend, weekend, on monday, on tuesday, on wednesday, on thursday,
        on friday, on saturday, on sunday, monday, tuesday, wednesday, thursday, friday, saturday, sunday,
        the day after, day after tomorrow, coming days, coming week, later this week, this coming,
        in the next few days, soon, tonight, later today""",
    "outage": """
        outage, outages, out age, outrage, out edge, blackout, blackouts, black out, blacked out, power cut,
        power cuts, powercut, power failure, power loss, loss of power, power interruption, interruption,
        disruption, power outage, power outrage, service interruption, loss of supply, power supply failure,
        electricity cut, no lights, total darkness, pitch black, pitch dark, in the dark, in darkness,
        sitting in the dark, completely dark, all dark, gone dark, went dark, power is out, power out, lights out,
        power rout, electricity failure, power has tripped""",
    "trip": """
        tripped, trip, breaker, breakers, fuse, fuses, fuse box, circuit breaker, main switch, blown fuse,
        fuse blew, rcd, kept tripping""",
    "half": """
        half, partial, partially, part of, some of, one phase, a phase, only some, half the house,
        half of the house, a few rooms""",
    "wire": """
        wire, wires, power line, power lines, powerline, powerlines, electric line, electricity line,
        electric cable, electric cables, overhead line, live wire, high voltage line, high voltage lines,
        utility line, utility pole, power pole, electric pole, electricity pole, pole, poles, pylon, telegraph pole,
        cable, cables, service line, overhead wire, overhead cable, line, lines, conductor, lamp post,
        high tension wire""",
    "transformer": """
        transformer, transformers, substation, switchgear, distribution box, electric box, meter box, junction box,
        green box, electrical box""",
    "voltage": """
        voltage, volt, volts, low voltage, high voltage, power surge, surge, surges, surging, power quality,
        brownout, brown out, brownouts, voltage drop, spike, spikes, power spike, over voltage, under voltage,
        two hundred volts, one eighty volts""",
    "flicker": """
        flicker, flickers, flickering, flickered, flicking, blinking, blink, flashing, flash, dim, dims, dimming,
        dimmed, dimmer, fluctuate, fluctuates, fluctuating, fluctuation, fluctuations, unstable, not stable,
        unsteady, not steady, pulsing, up and down, on and off, off and on, in and out, comes and goes,
        coming and going, keeps going, too bright, extra bright, brighter, getting bright, very bright, very weak,
        weak, too weak, too low, too dim, not bright, faint, jumpy, stutter, stuttering, strobing, half power,
        glowing dimly, brightening, inconsistent, erratic""",
    "appliance": """
        fridge, refrigerator, freezer, tv set, television set, appliance, appliances, air conditioner,
        air conditioning, air con, ac unit, aircon, microwave, washing machine, computer, computers, electronics,
        motor, motors, pump, kettle, oven, heater, fan, fans, equipment, gadgets, machines, rice cooker,
        induction cooker, bulb, bulbs, lamp, lamps, light bulb, light bulbs""",
    "back": """
        back, restored, restore, restoration, come back, back on, come on, comes on, coming on, turned on, turn on,
        switch on, switched on, return, returns, returned, resume, resumed, up and running, going again, get fixed,
        fixed, fix, fixing, repaired, repair, repairs, sorted, sort it, sorted out, up again, on again,
        light up again""",
    "status": """
        status, update, updates, progress, news, any news, latest, any word, estimate, estimated, eta,
        restoration time, how is it going, how far along, on its way, on the way, on their way, still working on,
        follow up, following up, how far, track, tracking, heard anything, what is happening, what is going on,
        what is the situation, situation, already reported, reported it, reported this, reported earlier,
        earlier report, my report, ticket, ticket number, case number, reference number, are you aware,
        do you know about, known issue, been reported, aware, know about""",
    "crew": """
        crew, crews, repair crew, repair team, repairman, repairmen, technician, technicians, lineman, linemen,
        electrician, electricians, engineer, engineers, repair guy, repair guys, worker, workers, workman, workmen,
        team, the guys, your guys, guys, staff, employee, employees, personnel, meter reader, young man, young lady,
        gentleman, lady, the guy, the man, the woman, the fellow, service man, serviceman, installer, officer,
        clerk, colleague, teller, your people, your man, the lad, lad, folks, the folks, contractor, fitter""",
    "area": """
        area, areas, neighborhood, neighbourhood, street, district, block, zone, part of town, side of town, town,
        village, community, region, postcode, zip code, suburb, city, road, around here, near me, nearby, estate,
        compound, avenue, lane, county, everyone else, neighbor, neighbors, neighbour, neighbours, next door,
        whole street, other houses, vicinity, locality, our way""",
    "home": """
        house, home, apartment, flat, building, place, room, rooms, kitchen, shop, store, office, upstairs,
        downstairs, basement, floor, bedroom, living room, bathroom, garage, hallway, my side, property, premises,
        household, cottage, farm, restaurant, factory, workshop, address, unit, elevator, lift""",
    "dead": """
        out, off, gone, went, down, dead, died, dying, lost, lose, losing, failed, failing, fail, not working,
        does not work, do not work, stopped working, stopped, quit, not on, will not come on, will not turn on,
        not coming on, cut out, knocked out, without, kicked off, shut off, shut down, no longer, disappeared,
        vanished, have not had, do not have any, does not have any, do not have, does not have, not got any,
        there is not any, ran out of, missing power, turned off, switched off, cut, cut off, went out, gone out,
        gone off, went off, going off, going out, is out, are out, packed in, conked out, popped off, zero""",
    "power": """
        power, electricity, electric, electrical, electrics, lights, light, current, juice, energy, supply,
        power supply, electricity supply, mains, the mains, socket, sockets, outlet, outlets, electric supply,
        electric service, leccy, electrical supply, electrical service, electricity service, power service""",
    # --- danger
    "spark": """
        spark, sparks, sparking, sparked, arc, arcing, arced, explode, exploded, exploding, explosion, blew up,
        blown up, blowing up, bang, loud bang, boom, popping, buzzing, crackling, sizzling, humming loudly, zapping,
        blue flash, fireball, flashover, lightning struck, struck by lightning, hit by lightning""",
    "fire": """
        fire, on fire, flame, flames, in flames, burning, burn, burns, burned, burnt, smoke, smoking, smokes, smoky,
        ablaze, smolder, smoldering, smouldering, melting, melted, scorched, charred, catching fire, caught fire,
        burst into flames, overheating, red hot, glowing red, smell of burning, burning smell, smells burnt,
        burning rubber, burning plastic, hot to touch, very hot, scorching, smells like burning,
        smell something burning""",
    "smell": "smell, smells, smelling, stink, odor, odour, stinks, fumes",
    "shock": """
        electric shock, electrical shock, shocked, got shocked, shocks, shock, zapped, electrocuted, electrocution,
        electrocute, electrocuting, tingle, tingling, tingles, leaking electricity, electricity leak, leakage,
        electric leakage, leaking current, current leaking, stray voltage, stray current, live to touch,
        electrified, gives you a jolt, jolt""",
    "fallen": """
        fell, fallen, falling, fallen down, fell down, hanging, hang, hangs, hung low, dangling, dangles, snapped,
        snap, broke, broken, break, breaking, collapsed, collapse, collapsing, came down, come down, brought down,
        knocked down, leaning, leans, tilted, tilting, toppled, lying, laying, lies, sagging, drooping, low hanging,
        hanging low, on the ground, on the road, on the street, on the roof, on the pavement, on the sidewalk,
        across the road, across the street, on top of, on my car, exposed, bare, loose, stripped, torn down, torn,
        ripped down, ripped off, swinging, touching, hit a pole, hit the pole, crashed into, drove into, ran into,
        tangled, caught on, into the water, in the water, in a puddle""",
    "tree": """
        tree, trees, branch, branches, kite, balloon, car, truck, lorry, bus, crane, ladder, child, children, kid,
        kids, storm, wind, typhoon, flood, flooded, water, puddle""",
    "hurt": """
        hurt, injured, injury, unconscious, not breathing, passed out, collapsed on, casualty, ambulance, bleeding,
        danger, dangerous, hazard, hazardous, emergency, an emergency, unsafe, not safe, safety, life threatening,
        someone could die, get killed, be killed, killed, died from, help help, someone is down, trapped, peril,
        risk""",
    "gasleak": "gas leak, leaking gas, smell gas, smell of gas, gas smell, gas is leaking",
    # --- money
    "missing": """
        not show, not showing, does not show, not shown, has not shown, did not show, not gone through,
        did not go through, not going through, not credited, not been credited, not recorded, not posted,
        not been posted, not applied, not been applied, not registered, not received, did not receive, not updated,
        not been updated, not reflected, not reflecting, does not reflect, not arrived, has not arrived, not appear,
        not appearing, did not appear, has not appeared, did not come through, not come through, went missing,
        missing payment, still says, still shows, still showing, still show, still saying, still owe, still owing,
        still unpaid, still asking, still due, still outstanding, still overdue, still appears, still in arrears,
        not cleared, has not cleared, not on my account, not on the account, not in my account, no record,
        not counted, still getting reminders, reminder, reminders, where did my money, where is my money,
        where did my payment, where is my payment, never showed, never credited, never went through, never arrived,
        never posted, lost payment, not there yet, charged twice, paid twice, double payment, wrong account,
        not updating, same balance, says unpaid, says i owe, unpaid, not processed, not been processed, still not,
        yet""",
    "paid": """
        paid, have paid, already paid, i paid, sent the money, sent money, transferred the money, transferred money,
        made payment, made a payment, made the payment, payment made, topped up, recharged, settled, cleared,
        my payment, the payment, deducted, taken from, took the money, left my account, left my bank, debited,
        money has gone, paid up, paid off, paid it, paid everything, paid in full, paid what i owed, paid my bill,
        paid the bill, paid the arrears, payment went, wire transfer, transaction, last payment""",
    "pay": """
        pay, paying, payment, payments, pay my bill, pay the bill, paying my bill, make a payment, settle, top up,
        topping up, recharge, pay up, credit card, debit card, alipay, wechat""",
    "owe": """
        owe, owing, owed, balance, account balance, due, amount due, outstanding, arrears, overdue, past due,
        how much to pay, amount to pay, have to pay, need to pay, behind on, debt, remaining, left on, credit left,
        money left, how much is left, how much credit, prepaid, prepayment, how much money, total due, amount owing,
        what do i owe, how far behind, in credit, in debt, how much do i have to pay, how much should i pay,
        pay off, clear my account, any charges, balances, funds, current charges, outstanding amount, am i behind""",
    "bill": """
        bill, bills, invoice, invoices, statement, statements, receipt, receipts, billing, e bill, paper bill,
        bill in, electricity bill, power bill, electric bill, light bill, energy bill, utility bill""",
    "last": """
        last, latest bill, recent, most recent, previous, past, this month, last month, this month is, month,
        monthly, quarter, history, june, july, august, may bill, january, december""",
    "copy": """
        copy, send, sent, email, e mail, mail, post, resend, download, print, pdf, text me, breakdown, itemized,
        itemised, details, detail, explain, explanation, understand, go over, go through, walk me through,
        make sense, read out, look at""",
    "high": """
        high, higher, so high, too high, expensive, double, doubled, triple, tripled, too much, so much, went up,
        gone up, going up, increase, increased, jumped, jump, skyrocketed, shot up, spike in, overcharged,
        over charged, overcharge, wrong, incorrect, mistake, error, charged, charging me, not right,
        does not look right, cannot be right, way more, a lot more, more than usual, than usual, than before,
        outrageous, ridiculous amount, huge, enormous, big, excessive, dispute, extra charge, charge, charges,
        steep, twice, ballooned, insane, crazy, through the roof, sky high, inflated, unusually, more than last""",
    "why": "why, how come, what for, reason, what caused, cause, how is it that",
    "price": """
        rate, rates, price, prices, pricing, tariff, tariffs, tarrif, kilowatt, kilowatt hour, kilowatt hours, kwh,
        per unit, a unit, unit price, unit cost, unit rate, tier, tiers, tiered, step, steps, bracket, brackets,
        band, bands, peak, off peak, offpeak, valley, night rate, nighttime, night time, at night, time of use,
        peak hours, peak time, cheaper, cheap, cheapest, cents per, per kilowatt, plans, pricing plan, rate plan,
        per degree, unit charge, standing charge, residential rate, commercial rate, business rate, industrial rate,
        price list, fee schedule, threshold, cost per, economy seven, day rate, first tier, second tier, third tier,
        units, discount, subsidy""",
    "howmuch": """
        how much, how many, what amount, what is the amount, the amount, amount, cost, costs, total, sum, figure,
        how much is""",
    "usage": """
        usage, consumption, used, use, using, consume, consumed, meter reading, meter readings, reading, readings,
        read my meter, estimated reading""",
    "account": "account, my account, account number, customer number",
    # --- services
    "charger": """
        charging pile, charging station, charging point, car charger, ev charger, charge point, electric car,
        electric vehicle, ev, wall box, wallbox, charger, chargers, tesla, plug in car""",
    "solar": "solar, solar panel, solar panels, photovoltaic, pv, rooftop solar, feed in, wind turbine",
    "capacity": """
        capacity, more power, bigger supply, upgrade my supply, upgrade the supply, three phase, three phase power,
        increase capacity, increase the capacity, load increase, more load, increase my load, higher load,
        temporary power, temporary supply, construction site, amps, amp, upgrade to three phase""",
    "install": """
        install, installed, installing, installation, fit, fitted, fitting, set up, setting up, put in, apply,
        applying, application, sign up, open an account, open account, start service, start electricity,
        get power to, bring power, request, register, hook up, hooked up, hookup, wire up, wired up""",
    "new": """
        new, brand new, newly, newly built, just built, just finished building, new build, never had, first time,
        built, build, building a""",
    "meter": """
        meter, metre, meters, metres, electric meter, electricity meter, second meter, separate meter, sub meter,
        smart meter, own meter""",
    "connect": """
        connect, connection, connections, connected, connexion, connecting, new connection, new service, new supply,
        electrical connection""",
    "reconnect": """
        reconnect, reconnected, reconnection, reconnecting, re connect, re connected, re connection, reactivate,
        reactivated, re activate, reinstate, reinstated, restore my service, restore service, restore my supply,
        turn it back on, turned back on, turn back on, turn me back on, switch me back on, switch back on,
        switched back on, put back on, put me back on, get me back on, unlock, resume service, resume supply,
        resume my service, turn my power back on, turn my electricity back on, turn my lights back on,
        turn the power back on, turn my service back on, switch my power back on, get my power back,
        power back on after, lift the disconnection, reconnect fee, reconnection fee, re energize""",
    "cutoff": """
        disconnected, disconnection, disconnect, cut me off, cut us off, been cut off for, was cut off, got cut off,
        cut off for, cut off because, nonpayment, non payment, not paying, unpaid bill, unpaid bills, did not pay,
        forgot to pay, paid late, late payment, suspended, suspension, shut me off, shut us off, turned me off,
        switched me off, stopped my service, stopped my supply, behind with payment, you cut my, you turned off my,
        you shut off my""",
    "move": """
        move, moved, moving, move in, moving in, moved in, move out, moving out, moved out, relocate, relocated,
        relocating, relocation, new tenant, tenant, tenants, landlord, previous owner, old owner, former owner,
        new owner, owner, bought, bought a house, bought the house, sold, selling, sold my house, inherited,
        inherit, leaving, leaving the property, take over, taking over, took over, rent, renting, rented, lease,
        close my account, closing my account, cancel my account, close the account, stop my service, stop service,
        end my service, terminate, final bill, new address, change of address, change address, change my address,
        husband passed, passed away, died last, divorce, moved house, moving house""",
    "namechange": """
        change of name, change the name, change name, name change, account name, name on, different name,
        another name, under my name, in my name, into my name, under his name, in my wife, to my name,
        someone else is name, transfer the account, transfer my account, transfer account, transfer ownership,
        change ownership, change of ownership, ownership, account holder, change the account holder,
        switch the account, put the account, put the bill in, transfer the meter, transfer the electricity,
        transfer of, transfer my service, transfer service, transfer the service, transfer electricity,
        transfer my electricity, transfer the bill, transfer name, rename, title, deed, correct the name,
        name spelled""",
    # --- what people say about us
    "complain": """
        complain, complaint, complaints, complaining, grievance, lodge, file a, formal complaint, unhappy,
        not happy, dissatisfied, not satisfied, unsatisfied, rude, rudely, impolite, disrespectful, unacceptable,
        terrible, awful, horrible, appalling, disgusted, disgusting, disgrace, disgraceful, pathetic, useless,
        incompetent, disappointed, disappointing, angry, furious, mad, fed up, sick of, sick and tired, ridiculous,
        a joke, shameful, bad service, poor service, worst service, bad attitude, poor attitude, attitude,
        nobody came, no one came, never came, did not come, did not show up, never showed up, did not turn up,
        never turned up, no one showed up, nobody showed up, hung up on, ignored, ignoring, ignore, unprofessional,
        careless, yelled, yelling, shouted, shouting, swore, insulted, bribe, bribes, corrupt, asked for money,
        lied, lie, lying to, lazy, negligent, negligence, kept me waiting, waited for hours, waiting for hours,
        waited all day, waiting all day, no one answers, nobody answers, no one called, nobody called,
        never called back, nobody calls, poorly, badly, worst, left a mess, mess, damaged my, report a staff,
        report an employee, report your, report one of, wasting my time, waste of time, mistreated, frustrated,
        frustrating, sue, lawyer, ombudsman, regulator, slow, takes forever, broke my, trampled, scam""",
    "suggest": """
        suggest, suggestion, suggestions, suggesting, recommend, recommendation, recommendations, propose, proposal,
        idea, ideas, should, you should, ought to, improve, improvement, improvements, improving, would be nice,
        would be better, would be good, would be great, would be helpful, would help if, it would help, better if,
        feedback, why do not you, why not, could add, consider, think about adding, feature, advice, advise,
        how about, what if you, i wish you, hope you can, it would be, comment, opinion, input""",
    "praise": """
        praise, compliment, compliments, commend, commendation, thank, thanks, thank you, thanks to, great,
        excellent, wonderful, amazing, awesome, brilliant, superb, outstanding job, outstanding work,
        outstanding service, polite, friendly, kind, nice, lovely, so helpful, helpful, very helpful, good job,
        great job, well done, nice job, appreciate, appreciated, appreciation, grateful, gratitude, fantastic,
        impressed, impressive, professional, patient, five stars, five star, satisfied, happy with, pleased,
        very pleased, delighted, kudos, shout out, shoutout, hats off, good service, great service, positive, hero,
        heroes, hard work, courteous, efficient, quick, quickly, fast, prompt, promptly, best, good work,
        great work, love, credit where, positive feedback, good things""",
    # --- the conversation itself
    "human": """
        agent, agents, operator, operators, human, humans, human being, person, real person, live person,
        actual person, live agent, live human, representative, representatives, rep, somebody, someone, anyone,
        customer service, customer care, customer support, customer rep, service rep, advisor, adviser, attendant,
        receptionist, consultant, manager, supervisor, boss, someone real, real human, actual human, somebody real,
        call center, call centre, service desk, a real one""",
    "talk": """
        talk, talk to, talking, speak, speak to, speaking, speak with, talk with, put me through, put me on,
        put me on with, connect me, connect me to, transfer me, transfer me to, transfer me over, get me, give me a,
        pass me, hand me over, chat with, deal with, switch me to, route me, through to, patch me, hold for,
        direct me, transfer my call, transfer call, transfer the call, forward me""",
    "robot": """
        robot, robots, machine, bot, computer voice, automated, recording, automatic, virtual, menu options,
        press buttons, pressing buttons, talking computer""",
    "repeat": """
        repeat, repeats, repeated, again, once more, one more time, pardon, pardon me, come again, say again,
        say that again, say it again, run that by, what did you say, what was that, what did you just say,
        did not catch, missed that, missed it, did not hear, could not hear, cannot hear, can not hear, not hear,
        did not get that, did not get it, did not understand, do not understand, say what, beg your pardon, i beg,
        rewind, replay, play that, play it, sorry what, huh, too fast, slower, slow down, what were the options,
        the options, options, last part""",
    "goback": """
        go back, going back, back please, previous menu, previous step, previous question, previous one,
        previous screen, last menu, one step back, step back, a step back, back up, return to the previous,
        return to previous, back one, back to the previous, back to previous, back to the last, go to the previous,
        undo, previous option, take me back, back a step, prior menu, last step, last question, back to where,
        before this, one before, wrong option, wrong button, pressed the wrong, wrong choice, wrong one, wrong menu,
        wrong key""",
    "mainmenu": """
        main menu, main many, main menus, start over, start again, starting over, from the beginning, beginning,
        the start, from the start, home menu, top menu, first menu, menu, restart, from the top, the top,
        main options, main list, back to main, back to the main, begin again, back to start, all options,
        starting point, square one, main page, homepage, home screen, very beginning, main screen, opening menu""",
    "language": """
        chinese, mandarin, putonghua, english, cantonese, language, languages, in chinese, in english,
        speak chinese, speak english, speak mandarin, other language, another language, different language,
        switch language, change language, change the language, zhongwen, pu tong hua, native language, spanish,
        french, translate, translator, interpreter""",
    "yes": """
        yes, yeah, yep, yup, yea, yah, aye, sure, sure thing, of course, correct, right, that is right,
        that is correct, that is it, you got it, exactly, absolutely, definitely, certainly, affirmative, indeed,
        ok, okay, alright, all right, fine, go ahead, sounds good, sounds right, that is fine, uh huh, mm hmm, mhm,
        by all means, true, you bet, i agree, agreed, please do, that works, that is the one, perfect, precisely,
        very well, why yes, totally, works for me, good""",
    "nope": """
        nope, nah, no, no thanks, no thank you, negative, not at all, absolutely not, definitely not, certainly not,
        of course not, that is wrong, that is not right, that is not it, that is incorrect, incorrect,
        that is not correct, not really, not this time, not now, never mind, nothing, nothing else, not true, false,
        no way, neither, none, wrong answer, not correct, not quite, rather not, do not think so, not that,
        not exactly, not yet""",
    "not": "not, never, nobody, nothing, neither, nor, none",
    "stillout": "still, still out, still no, still not back, even now, again out",
    "when": """
        when, what time, how long, how soon, how much longer, any idea when, until when, till when, what hour,
        which day, what day, what date, by when, long, hours, how many hours, how many more hours""",
    "isthere": """
        is there, are there, is there a, is there an, are you having, anything wrong, any problem, any problems,
        something wrong, is it just me, just me, only me, only my, is it only, is anyone else, anyone else, problem,
        problems, issue, issues, trouble""",
    "how": "how, what, where, who",
    "staff_answer": """
        your people, your staff, your employee, your technician, your company, you people, you guys, your service""",
    # --- other people's business
    "foreign": """
        water bill, water company, water supply, no water, water pressure, water leak, water main, plumber, pipe,
        pipes, tap, toilet, sewer, gas bill, gas company, gas supply, gas meter, gas stove, natural gas, gas bottle,
        propane, petrol, gasoline, internet, broadband, wifi, wi fi, router, modem, website, wireless, phone bill,
        mobile, cell phone, sim card, roaming, data plan, signal, telephone line, landline, cable tv, cable company,
        netflix, channel, channels, tv show, movie, movies, film, concert, ticket for, tickets, bank, loan,
        mortgage, credit score, savings, atm, insurance, insurance policy, pizza, burger, restaurant reservation,
        table for, menu for dinner, food, lunch, dinner, breakfast, coffee, taxi, cab, uber, flight, flights, train,
        trains, airport, hotel, bus ticket, passport, visa, doctor, dentist, hospital appointment, appointment,
        prescription, pharmacy, medicine, headache, weather, forecast, rain, raining, sunny, snow,
        temperature outside, football, soccer, basketball, game, match, score, team won, player, song, music,
        singer, album, joke, story, school, homework, teacher, exam, university, class, parcel, package, delivery,
        courier, shipping, order, refund for, shoes, shirt, dress, clothes, jacket, size, warranty, laptop, printer,
        software, app store, facebook, video, lottery, police, thief, robbery, stolen, parking, parking ticket, tax,
        taxes, tax return, court, election, president, government, church, wedding, birthday, party, dog, cat,
        puppy, pet, vet, garden, flowers, haircut, salon, gym, yoga, swimming, marathon, holiday, vacation, beach,
        dating, girlfriend, boyfriend, stock market, stocks, bitcoin, crypto, bill gates, bill clinton,
        buffalo bills, bill of rights, dollar bill, power of attorney, powerpoint, power rangers, horse power,
        horsepower, traffic light, traffic lights, light years, light beer, light lunch, green light, red light,
        gas station, car battery, flat tyre, flat tire, engine, washing powder, garbage, trash, rubbish collection,
        recycling, heating oil, oil change, wrong number, fire drill, fired from, got fired, fire my, fire him,
        on a diet, campfire, fireworks, fire department number, movie theater, firewall, power nap, solar system,
        electric guitar, electric bike, electric scooter""",
}
