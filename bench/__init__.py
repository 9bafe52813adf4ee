"""Measurements of a running hub, each beside a yardstick of the same run: ``make bench``.

A real server process (``eventyard serve``) and separate load processes, over loopback. Figure and yardstick are taken
in turns (A B A B …), so that a neighbour on the machine slows both; what is compared is the ratio. ``measures/`` holds
one file per question, ``docs/benchmarks.md`` says what each of them asks and how to read the answer.
"""
