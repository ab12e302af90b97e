"""When in the month and in the year: pace, nodes, the work calendar, contests, seasons."""
