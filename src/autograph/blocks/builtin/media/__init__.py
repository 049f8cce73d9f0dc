"""Videos and sound, by ffmpeg."""
