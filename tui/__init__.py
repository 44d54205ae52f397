"""Everything that touches the terminal; a client of the sensor's protocol."""
