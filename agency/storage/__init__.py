"""The agency's books: the only place of the agency with SQL."""
