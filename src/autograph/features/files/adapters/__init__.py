"""What files stand on."""
