"""The counter place: its presenter, its words and its cards."""
