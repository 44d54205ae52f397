"""What a front end is shown of the state: rows of the protocol, made when they are asked for."""
