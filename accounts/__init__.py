"""Customers, their accounts and bills, and the check of who is asking.

`services` is what flows may call, `demo` the utility that a first start shows. Nothing here imports `callqueue`.
"""
