"""What everything takes on disk, who may use how much, and what goes when."""
