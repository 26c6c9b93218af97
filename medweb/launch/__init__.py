"""What ``make run`` starts and watches: the broker, the web server and two workers. Needs no Django."""
