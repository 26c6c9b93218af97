"""What views, the API and jobs call; only this package writes."""
