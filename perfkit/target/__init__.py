"""What should be: the audit of a plan."""

from perfkit.target.audit import Audit, Contradiction, audit
from perfkit.target.planfile import Plan, read_folder

__all__ = ["Audit", "Contradiction", "Plan", "audit", "read_folder"]
