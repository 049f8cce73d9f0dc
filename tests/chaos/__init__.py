"""Things are killed at random points, and afterwards nothing may be lost, doubled or out of order.

scenario     what runs and what is killed when, from a seed            (pure)
world        real processes, servers, and the counter: the outside world
play         plays a scenario in a world and collects the evidence
invariants   what must be true of the evidence, whatever happened      (pure)
"""
