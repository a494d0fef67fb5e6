"""Matching on Spark: the kernel, the edges and the clusters of `LocalEngine` on a cluster of machines. See docs/spark.md.

    found = SparkEngine(spark).match(frame, Person)
    found.clusters  # id, cluster

Needs the extra `spark`; executors need this package too.
"""

from matching.spark.engine import Found, IdRulings, SparkEngine
from matching.spark.records import Origin

__all__ = ["Found", "IdRulings", "Origin", "SparkEngine"]
