"""The processes a hotline is made of, and the supervisor that runs all of them on one machine.

Each can run alone: `hotline web`, `hotline media`, `hotline worker`, `hotline scheduler`. They share the database
and Redis and nothing else.
"""
