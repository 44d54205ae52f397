"""The flight recorder: what surrounds an alert is kept in the store, as long as the alert."""
