"""Workloads and comparisons with other engines; results stand in benchmarks/results."""

from __future__ import annotations
