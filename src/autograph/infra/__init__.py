"""What every room stands on: settings, database, ids, clock, errors. Knows nothing of the product."""
