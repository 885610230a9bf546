"""Twilio: signed webhooks in, TwiML out; outbound calls and recordings through its REST API.

`signature`, `forms`, `twiml` and `webhooks` answer a call and never import `twilio.rest`, which takes half a second.
`rest` does, when the first outbound call is made. `simulate` plays Twilio's part in a terminal and in the tests.
"""
