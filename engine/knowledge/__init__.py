"""What medicine and the law of dispensing say of drugs, as data, found by a drug's name."""
