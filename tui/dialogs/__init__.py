"""What stands above a view until it is answered or left: questions, help, the menu of a row."""
