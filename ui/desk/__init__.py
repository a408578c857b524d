"""티켓 처리: the queue of the staff and the ticket that is open beside it."""
