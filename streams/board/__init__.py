"""The page and the report: they read the public topics only, as any subscriber may."""
