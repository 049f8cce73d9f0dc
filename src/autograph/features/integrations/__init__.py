"""What people use elsewhere: their credentials there."""
