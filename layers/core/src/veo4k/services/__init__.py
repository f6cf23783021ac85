"""The use cases, one file each: functions over the ports of the domain."""
