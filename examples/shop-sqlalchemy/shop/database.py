"""The application's engine and sessions. Like many applications, it reads DATABASE_URL when it is imported."""

import os

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

engine = create_engine(os.environ["DATABASE_URL"])
Session = sessionmaker(engine)
