"""Real telephones for tests: baresip and SIPp, as Debian packages them, spoken through with flite's voice."""
