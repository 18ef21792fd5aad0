"""What is known about the use of test data, and about the tests that failed."""
