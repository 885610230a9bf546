"""How a call walks through its flow: a room for each thing it can do. `ivr.session` is the door. All of it is pure."""
