"""The whole pipeline in one process, under a scheduler with a seed: virtual time, an in-memory Kafka, and faults.

What runs is the worker's own shell and core; what is imitated is what they stand on: the event loop (`loop`), the broker
(`broker`), its clients (`clients`) and the Faust app that hands out partitions (`app`). `world` puts processes on them,
tells a story, makes faults happen and has the result judged. The same seed gives the same run, step by step.
"""
