"""The journeys of people, in a real browser on a real MedWeb: web server, worker, broker, database."""
