"""Two invented wards to try the product in: one in Vietnam, one in Iran."""
