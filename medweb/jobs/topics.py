"""Who may listen to news about jobs."""

from medweb.accounts.models import User
from medweb.jobs.models import Job
from medweb.live.topics import topic


@topic("job")
def job_topic(user: User, ident: str) -> bool:
    # More digits are no key: the database and int() both refuse them with an exception.
    known = ident.isdecimal() and len(ident) < 19
    return known and Job.objects.visible_to(user).filter(pk=int(ident)).exists()


@topic("jobs")
def jobs_topic(user: User, ident: str) -> bool:
    return ident == "all" and user.has_role("staff", "administrator")


@topic("user")
def user_topic(user: User, ident: str) -> bool:
    return ident == str(user.pk) and user.is_active
