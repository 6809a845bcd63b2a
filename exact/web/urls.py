"""The addresses of the pages; the client builds the same ones in src/pages/routes.ts."""

from django.urls import path

from exact.web import views

urlpatterns = [
    path("", views.page, name="home"),
    path("teams/<int:number>/", views.page, name="team"),
    path("images/imageset/<int:number>/", views.page, name="image-set"),
    path("annotations/<int:number>/", views.viewer, name="viewer"),
    path("people/", views.administration, name="people"),
    path("cache/", views.administration, name="cache"),
    path("account/", views.page, name="account"),
    path("account/password/", views.change_password, name="change-password"),
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", views.SignOut.as_view(), name="sign-out"),
]
