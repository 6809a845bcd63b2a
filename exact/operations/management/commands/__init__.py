"""Commands for operators, run by manage.py."""
