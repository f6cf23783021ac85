"""The table of jobs beside DynamoDB Local: rows, histories of writes, and their comparison."""
