"""eventhos: its HTTP API below ``/eventhos``, over the one journal and the one catalog.

A *system* is an application, an *event* a source, an *action* a target of the type ``request``, a *contract* a
subscription with an order; the numeric ids are the records' numbers, and those of received events and executed
contracts the numbers of their journal entries. ``router.py`` puts it together.
"""
