"""`hotline flow check`: what is wrong, doubtful or merely odd in a set of flows, found without running it.

Pure: flows and their files in, findings out. `check.check` is the way in, `finding.Finding` what comes out,
`catalogue.CODES` says what each code means. Every path over every outcome is followed, but on the graph of (flow, node)
with a summary of each flow that is called (`exploration`), so the cost grows with the size of the flows and not with
the number of paths.
"""
