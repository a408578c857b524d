"""Measure the agent: data sets, suites, reports (``python -m evals run``).

``suites/`` holds one module a suite; a suite reads its data beside it (``evals/<name>/``),
asks the parts of a :class:`evals.subject.Subject` and answers a
:class:`evals.types.SuiteResult`. Nothing of the product imports this package.
"""
