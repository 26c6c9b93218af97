"""What knocks on the doors of a running MedWeb: hostile files, odd names, requests that break the rules."""
