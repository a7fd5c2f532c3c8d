# Вход и первый запуск.
sign-in-title = Вход
sign-in-account = Учётная запись
sign-in-password = Пароль
sign-in-go = Войти
sign-in-forgotten = Забыли? Задайте новый на этом сервере:
sign-in-wrong = Неверная учётная запись или пароль
sign-in-wrong-what = Неудачные попытки входа считаются: если их слишком много, адрес блокируется.
sign-in-too-many = Слишком много попыток
sign-in-too-many-what = Попробуйте снова через { $span }.
sign-in-banned = Этот адрес заблокирован
sign-in-banned-what = С него слишком часто не удавалось войти. Разблокировать может другой администратор или команда: stockade unban АДРЕС

setup-title = Пароль администратора
setup-what = В Stockade нет пароля по умолчанию. Задайте свой; учётная запись — «admin».
setup-link = Пароль ещё не задан. Откройте одноразовую ссылку, которую Stockade вывел при запуске; она есть в его журнале:
setup-or = Или задайте пароль на этом сервере:
setup-password = Новый пароль
setup-again = Ещё раз
setup-go = Задать пароль и войти
setup-too-short = Не короче { $count } { $count ->
    [one] символа
    [few] символов
   *[many] символов
}; длинная фраза лучше короткой загадки.
setup-differ = Пароли не совпадают

password-title = Сменить пароль
password-old = Текущий пароль
password-go = Сменить пароль
password-changed = Пароль изменён; все остальные сеансы завершены
password-wrong = Текущий пароль неверен
password-back = К обзору
