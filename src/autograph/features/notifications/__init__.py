"""What people are told: their inbox, mails, and what they want to hear of."""
