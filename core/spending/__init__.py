"""What every call costs: reserved before it is made, kept in a ledger, and held within caps."""
