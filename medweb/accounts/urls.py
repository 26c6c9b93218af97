from django.contrib.auth.views import LogoutView
from django.urls import path

from medweb.accounts import importing, views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("account/", views.account, name="account"),
    path("account/password/", views.password_change, name="password-change"),
    path("account/tokens/", views.token_create, name="token-create"),
    path("account/tokens/<int:pk>/revoke/", views.token_revoke, name="token-revoke"),
    path("people/", views.people, name="people"),
    path("people/new/", views.person_create, name="person-create"),
    path("people/import/", importing.people_import, name="people-import"),
    path("people/<int:pk>/invite/", importing.person_invite, name="person-invite"),
    path("invitation/<slug:uidb64>/<str:token>/", importing.Invitation.as_view(), name="invitation"),
    path("people/<int:pk>/roles/", views.person_roles, name="person-roles"),
]
