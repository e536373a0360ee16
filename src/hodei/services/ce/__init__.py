"""Cost Explorer: costs and usage by period, dimension, tag and resource, as the meter has counted them.

Every tag that a resource has counts at once, without being activated as a cost allocation tag. There are no
reservations, savings plans, credits, taxes or discounts: amortized and net costs are the unblended ones. What has been
used shows at once. Forecasts, budgets, cost categories and anomalies are not there.
"""

from hodei.services.ce import access, usage, values

__all__ = ["access", "usage", "values"]
