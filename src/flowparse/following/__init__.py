"""Floor 3: what `flowparse.follow` is made of.

`notices` reads what a message of a queue says, `queue` receives messages, keeps them to itself
while they are worked on, and deletes them in the end.
"""
