"""What is reported of the work, and what must not be: logs, alarms, the audit, redaction.

Imports `attempts` and the settings.
"""
