"""The sensor's side of the socket and the front end's: frames, requests, pulses."""
